#include "imagefmt/multipart.h"

#include <vector>

#include "base/strings.h"

namespace imagefmt {

namespace {

constexpr size_t kChunk = 256 << 10;
constexpr size_t kMaxLine = 16 << 10;
constexpr int kMaxHeaders = 32;

/// A parameter of a header value: `name="x"` or name=x.
std::optional<std::string> parameter(std::string_view value, std::string_view key) {
  size_t at = 0;
  while ((at = value.find(';', at)) != value.npos) {
    std::string_view rest = trim(value.substr(++at));
    size_t equals = rest.find('=');
    if (equals == rest.npos || !iequals(trim(rest.substr(0, equals)), key)) continue;
    rest.remove_prefix(equals + 1);
    if (!rest.starts_with('"')) return std::string(trim(rest.substr(0, rest.find(';'))));
    std::string out;
    for (size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      out += rest[i];
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  if (!iequals(trim(content_type.substr(0, content_type.find(';'))), "multipart/form-data")) return std::nullopt;
  auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 70) return std::nullopt;
  return boundary;
}

Result<bool> MultipartReader::fill() {
  size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  auto got = source_(std::span(buffer_).subspan(before));
  buffer_.resize(before + got.value_or(0));
  if (!got) return Failure(got.error());
  return *got > 0;
}

Result<std::string_view> MultipartReader::read() {
  buffer_.erase(0, std::exchange(taken_, 0));
  if (at_delimiter_ || finished_) return std::string_view();
  for (;;) {
    size_t found = buffer_.find(delimiter_);
    if (found == 0) {
      at_delimiter_ = true;
      return std::string_view();
    }
    // What could be the beginning of the delimiter waits for more.
    size_t ready = found != buffer_.npos ? found : buffer_.size() < delimiter_.size() ? 0 : buffer_.size() - delimiter_.size() + 1;
    if (ready > 0) {
      taken_ = ready;
      return std::string_view(buffer_).substr(0, ready);
    }
    if (!TRY(fill())) return fail(Code::invalid, "Invalid multipart image: it ends in the middle of a part");
  }
}

Result<std::string> MultipartReader::line() {
  for (;;) {
    size_t end = buffer_.find("\r\n");
    if (end != buffer_.npos) {
      std::string out = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return out;
    }
    if (buffer_.size() > kMaxLine) return fail(Code::invalid, "Invalid multipart image: a header is too long");
    if (!TRY(fill())) return fail(Code::invalid, "Invalid multipart image: it ends in a header");
  }
}

Result<std::optional<Part>> MultipartReader::next() {
  if (finished_) return std::optional<Part>();
  while (!TRY(read()).empty()) {}
  buffer_.erase(0, delimiter_.size());
  at_delimiter_ = false;
  std::string rest = TRY(line());
  if (rest.starts_with("--")) {
    finished_ = true;
    return std::optional<Part>();
  }
  if (!trim(rest).empty()) return fail(Code::invalid, "Invalid multipart image: broken boundary");
  Part part;
  for (int count = 0;; ++count) {
    std::string header = TRY(line());
    if (header.empty()) break;
    if (count == kMaxHeaders) return fail(Code::invalid, "Invalid multipart image: too many headers");
    size_t colon = header.find(':');
    if (colon == header.npos || !iequals(trim(header.substr(0, colon)), "Content-Disposition")) continue;
    part.name = parameter(header.substr(colon + 1), "name").value_or("");
    part.filename = parameter(header.substr(colon + 1), "filename").value_or("");
  }
  // An empty part's delimiter follows at once and lacks its line break.
  buffer_.insert(0, "\r\n");
  if (!buffer_.starts_with(delimiter_)) {
    while (buffer_.size() < delimiter_.size() && TRY(fill())) {}
    if (!buffer_.starts_with(delimiter_)) buffer_.erase(0, 2);
  }
  return part;
}

}  // namespace imagefmt
