// How many terminal columns a UTF-8 text takes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Columns of `text`: combining marks count 0, East Asian wide characters and emoji 2 (UAX #11).
size_t display_width(std::string_view text);
/// `text` cut to at most `columns`.
std::string cut_to_width(std::string_view text, size_t columns);
/// `piece` repeated.
std::string repeat(std::string_view piece, size_t count);

}  // namespace cli
