"""Parts of bench/run; Python standard library only."""
