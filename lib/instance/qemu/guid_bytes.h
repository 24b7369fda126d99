// GUIDs as firmware writes them: the first three groups with their low byte first (UEFI specification, appendix A).
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace instance {

/// `size` bytes from `at` on, the lowest first; they must be there.
uint64_t little_endian(std::string_view bytes, size_t at, size_t size);
void append_little_endian(std::string& out, uint64_t value, size_t size);

/// Of 16 bytes, in small letters.
std::string guid_text(std::string_view bytes);
/// Errors: invalid (no GUID).
Result<std::string> guid_bytes(const std::string& text);

}  // namespace instance
