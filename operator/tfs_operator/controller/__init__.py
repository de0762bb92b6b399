"""The running operator: watch, queue, reconcile.

watch (kopf) ──► cache ──► queue ──► worker ──► reconcile ──► apply · observe · push · status
                   ▲                                             │
                   └──────────── answers of the API server ◄─────┘
"""
