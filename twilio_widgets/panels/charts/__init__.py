"""The chart element: a `ChartSpec` drawn on the page, and exported."""
