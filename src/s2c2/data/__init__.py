"""Data: dataset folders, annotations, splits, packs, views and batches."""
