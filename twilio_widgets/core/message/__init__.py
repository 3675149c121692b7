"""The Message resource and the parameters that create one."""
