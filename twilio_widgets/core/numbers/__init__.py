"""Phone numbers and addresses: validation, numbering plans, masking and price estimates."""
