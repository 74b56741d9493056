"""The monthly rent notices: computed, looked at, approved, printed, filed, sent; and what tenants ask of them."""
