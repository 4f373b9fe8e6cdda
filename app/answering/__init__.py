"""What the desk answers by itself: acknowledgements, and the caps that keep every automatic mail from going round in circles."""
