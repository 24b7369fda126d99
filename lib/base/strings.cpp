#include "base/strings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/durable.h"
#include "base/unique_fd.h"
#include "base/write_all.h"

StringList split(std::string_view text, char separator, size_t limit) {
  StringList parts;
  for (;;) {
    size_t at = text.find(separator);
    if (at == std::string_view::npos || (limit && parts.size() + 1 == limit)) break;
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  parts.emplace_back(text);
  return parts;
}

StringList split_list(std::string_view text, char separator) {
  StringList parts;
  for (const std::string& part : split(text, separator)) {
    if (auto word = trim(part); !word.empty()) parts.emplace_back(word);
  }
  return parts;
}

std::string join(const StringList& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); i++) {
    if (i) out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(toupper(static_cast<unsigned char>(c)));
  return out;
}

bool iequals(std::string_view a, std::string_view b) { return a.size() == b.size() && to_lower(a) == to_lower(b); }

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

bool contains(const StringList& list, std::string_view item) { return std::ranges::find(list, item) != list.end(); }

namespace {
template <class T>
std::optional<T> parse_number(std::string_view text, int base) {
  T value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower = to_lower(text);
  return std::ranges::find(words, lower) != words.end();
}
}  // namespace

std::optional<int64_t> parse_int(std::string_view text, int base) { return parse_number<int64_t>(text, base); }
std::optional<uint64_t> parse_uint(std::string_view text, int base) { return parse_number<uint64_t>(text, base); }

std::optional<double> parse_double(std::string_view text) {
  double value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool is_true(std::string_view text) { return one_of(text, {"true", "1", "yes", "on"}); }
bool is_false(std::string_view text) { return one_of(text, {"false", "0", "no", "off"}); }

std::string get_or(const StringMap& map, const std::string& key, std::string_view fallback) {
  auto it = map.find(key);
  return it == map.end() ? std::string(fallback) : it->second;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') out += {'\\', static_cast<char>(c)};
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (c == '\r') out += "\\r";
    else if (c < 0x20 || c == 0x7f) out += std::format("\\x{:02x}", c);
    else out += static_cast<char>(c);
  }
  return out + '"';
}

std::string url_escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') out += static_cast<char>(c);
    else out += {'%', kHex[c >> 4], kHex[c & 15]};
  }
  return out;
}

std::optional<std::string> url_unescape(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '%') {
      auto byte = i + 2 < text.size() ? parse_uint(text.substr(i + 1, 2), 16) : std::nullopt;
      if (!byte) return std::nullopt;
      out += static_cast<char>(*byte);
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("Failed opening " + quote(path));
  std::string out;
  char buffer[16384];
  for (;;) {
    ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("Failed reading " + quote(path));
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > limit) return fail(Code::too_large, "File {} is larger than {} bytes", quote(path), limit);
    out.append(buffer, static_cast<size_t>(n));
  }
}

namespace {
/// After this a power cut can't undo the renaming of a file in the folder of `path`.
Result<> sync_parent(const std::string& path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get())) return fail_errno("Failed syncing " + quote(folder));
  return {};
}

Result<> replace_file(const std::string& path, std::string_view text, unsigned mode, bool sync) {
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return fail_errno("Failed creating " + quote(path));
  auto written = write_all(fd.get(), text) ? Result<>() : fail_errno("Failed writing " + quote(path));
  if (written && fchmod(fd.get(), mode)) written = fail_errno("Failed setting the mode of " + quote(path));
  if (written && sync && fsync(fd.get())) written = fail_errno("Failed syncing " + quote(path));
  if (written && rename(temporary.c_str(), path.c_str())) written = fail_errno("Failed replacing " + quote(path));
  if (!written) unlink(temporary.c_str());
  if (written && sync) written = sync_parent(path);
  return written;
}
}  // namespace

Result<> write_file_atomic(const std::string& path, std::string_view text, unsigned mode) { return replace_file(path, text, mode, false); }

Result<> write_file_durable(const std::string& path, std::string_view text, unsigned mode) { return replace_file(path, text, mode, true); }
