"""`ioc bench screens`, `latency` and `soak`: a whole centre of its own, loaded and watched.

One direction: `verbs` knows the measurements (`screens`, `latency`, `soak`), these know the tools (`centre`, `clients`,
`browser`), and the tools know nothing of each other.
"""
