"""What browsers need: pages, error answers, byte ranges, packed charts."""
