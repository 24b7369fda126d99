// multipart/form-data (RFC 7578) read as a stream with bounded memory: split images arrive this way.
#pragma once
#include <optional>
#include <string>

#include "archive/stream.h"

namespace imagefmt {

struct Part {
  std::string name;
  std::string filename;
};

/// Errors: invalid on anything that is not well-formed, and on headers beyond 16 KiB.
class MultipartReader {
 public:
  MultipartReader(archive::Source source, const std::string& boundary) : source_(std::move(source)), delimiter_("\r\n--" + boundary) {}
  /// Skips what is left of the current part. Nothing after the last one.
  Result<std::optional<Part>> next();
  /// The next bytes of the current part; empty at its end. Valid until the next call.
  Result<std::string_view> read();

 private:
  Result<bool> fill();
  Result<std::string> line();

  archive::Source source_;
  std::string delimiter_;
  std::string buffer_ = "\r\n";  ///< so that the first boundary looks like the others
  size_t taken_ = 0;             ///< bytes of buffer_ handed out by read()
  bool at_delimiter_ = false, finished_ = false;
};

/// The boundary of a multipart Content-Type; nothing if it is something else.
std::optional<std::string> multipart_boundary(std::string_view content_type);

}  // namespace imagefmt
