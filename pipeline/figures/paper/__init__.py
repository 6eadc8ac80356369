"""The paper's figures, one module each; ``draw()`` gives the figure with the paper's parameters."""
