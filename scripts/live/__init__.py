"""What the model in the page needs: weights, tokenizers, kernels."""
