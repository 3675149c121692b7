"""Operations as generators that ask for I/O, and the drivers that run them."""
