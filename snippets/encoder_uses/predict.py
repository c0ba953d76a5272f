"""K-means on twelve points at equal distances: there are no groups to find."""

import torch

points = torch.arange(12.0)
centers = torch.tensor([0.0, 1.0, 2.0])
for step in range(20):
    nearest = (points[:, None] - centers).abs().argmin(dim=1)  # (points,)
    centers = torch.stack([points[nearest == group].mean() for group in range(3)])
print("groups ", nearest.tolist())
print("centers", centers.tolist())
