"""The running operator: watch, queue, reconcile.

watch, follow ──► cache ──► queue ──► worker ──► reconcile ──► apply · observe · push · status
                    ▲                                             │
                    └──────────── answers of the API server ◄─────┘

watch is kopf's, for TFModels; follow is for children and pods.
"""
