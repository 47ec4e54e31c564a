"""What the interop tests share: addresses, certificates, programs, results."""
