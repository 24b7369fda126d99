// Text helpers the standard library lacks.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

using StringMap = std::map<std::string, std::string>;
using StringList = std::vector<std::string>;

/// "a,b,,c" -> {"a","b","","c"}; an empty text gives one empty part. `limit` > 0: at most that many parts.
StringList split(std::string_view text, char separator, size_t limit = 0);
/// Splits, trims every part and drops the empty ones.
StringList split_list(std::string_view text, char separator = ',');
std::string join(const StringList& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
bool contains(const StringList& list, std::string_view item);

/// The whole text as a number; nothing on stray characters or overflow.
std::optional<int64_t> parse_int(std::string_view text, int base = 10);
std::optional<uint64_t> parse_uint(std::string_view text, int base = 10);
std::optional<double> parse_double(std::string_view text);
/// Incus' spelling of booleans: true/1/yes/on and false/0/no/off, any case.
bool is_true(std::string_view text);
bool is_false(std::string_view text);

/// `map[key]`, or `fallback`.
std::string get_or(const StringMap& map, const std::string& key, std::string_view fallback = "");

/// In double quotes, with quotes, backslashes and control characters escaped (libstdc++ 14's format has no {:?}).
std::string quote(std::string_view text);
/// RFC 3986: everything but A-Z a-z 0-9 - _ . ~ becomes %XX (a slash too).
std::string url_escape(std::string_view text);
/// %XX decoded; '+' is a space only where `plus_is_space`. Nothing on a broken escape.
std::optional<std::string> url_unescape(std::string_view text, bool plus_is_space = false);

/// Whole small files (at most `limit` bytes). Errors: internal with errno.
Result<std::string> read_file(const std::string& path, size_t limit = 16 << 20);
/// Writes beside the target and renames: readers see the old or the new text, never half of one. Not synced (base/durable.h).
Result<> write_file_atomic(const std::string& path, std::string_view text, unsigned mode = 0600);
