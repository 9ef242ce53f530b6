SELECT nonce, sealed FROM master WHERE id = 1
