"""What the built site and the build itself are asked: links, pixels, engines, speed."""
