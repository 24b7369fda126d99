// Memory that a process holds and does not need: given back when it has nothing to do.
#pragma once

/// Limits how much freed memory malloc keeps: few arenas, and large buffers go back to the kernel at once. Once, before threads start.
void tune_malloc();

/// Gives free heap pages back. Costs a millisecond or less; any thread, but not on a hot path.
void release_free_memory();

/// Lets go of this program's own code and constants: what is still used comes back page by page from the page cache, or, if it has left
/// that, from the disk. For when there is nothing to do. Any thread.
void release_clean_memory();
