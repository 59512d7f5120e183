"""Files to checked frames: every fault named, every repair counted, no row lost in silence."""
