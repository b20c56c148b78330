"""Sorts a DJ's tracks into the DJ's own buckets."""
