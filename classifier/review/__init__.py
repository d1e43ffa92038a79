"""The reviewer's desk: a queue of sentences, corrections by people, and what is learnt of them."""
