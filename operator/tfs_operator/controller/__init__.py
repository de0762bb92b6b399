"""The running operator: watch, queue, reconcile.

informer ──► cache ──► queue ──► worker ──► reconciler: gather ──► decide ──► act ──► status
               ▲                                                              │         │
               └──────────────────── answers of the API server ◄──────────────┴─────────┘

The informer watches by kopf (TFModels) and by reflectors (children and pods). `decide` is pure: tfs_operator.planning.
"""
