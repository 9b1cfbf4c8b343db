"""What is no number: media, artifacts, and the contents behind them."""
