"""What measuring commands show: figures as JSON of one fixed shape, and times as people read them."""
