// Writing that is done when it returns: write(2) and pwrite(2) may take less than they were given.
#pragma once
#include <sys/types.h>

#include <string_view>

/// All of `bytes` to a file, a pipe or a socket; where the descriptor does not block, by waiting for room. Blocks. False with errno set: something failed, an
/// unknown part was written.
bool write_all(int fd, std::string_view bytes);
/// The same at `offset` of a file, whose own position stays.
bool pwrite_all(int fd, std::string_view bytes, off_t offset);
