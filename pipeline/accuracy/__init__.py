"""What the shortcuts cost: the fast-mode kernel's error, and that of the paper's equation."""
