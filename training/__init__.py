"""The recipe of the bundled Arabic-English model: data, tokenizer, training, conversion and evaluation."""
