"""Why a sentence got its labels: words, rule, nearest labelled sentences, what would flip it."""
