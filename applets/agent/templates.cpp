#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "applets/agent/files.h"
#include "base/unique_fd.h"
#include "imagefmt/metadata.h"

namespace agent {
namespace {

constexpr size_t kMaxFile = 64 << 20;

/// A number as metadata.yaml has it: the mode may leave the leading zero out.
Result<unsigned> read_mode(const std::string& text) {
  if (text.empty()) return 0644;
  auto mode = parse_uint(text, 8);
  if (!mode) return fail(Code::invalid, "Bad mode {}", quote(text));
  return static_cast<unsigned>(*mode) & 0777;
}
Result<unsigned> read_owner(const std::string& text) {
  if (text.empty()) return 0;
  auto id = parse_uint(text);
  if (!id) return fail(Code::invalid, "Bad owner {}", quote(text));
  return static_cast<unsigned>(*id);
}

/// A file that `exists` keeps its owner and mode.
Result<> write_target(const std::string& path, bool exists, const api::ImageMetadataTemplate& rule, const std::string& text) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("Failed to create template file " + path);
  if (!exists) {
    if (fchown(fd.get(), TRY(read_owner(rule.uid)), TRY(read_owner(rule.gid))) != 0 || fchmod(fd.get(), TRY(read_mode(rule.mode))) != 0) return fail_errno("Failed setting the owner of " + path);
  }
  for (size_t at = 0; at < text.size();) {
    ssize_t n = write(fd.get(), text.data() + at, text.size() - at);
    if (n < 0) return fail_errno("Failed writing " + path);
    at += static_cast<size_t>(n);
  }
  return {};
}

}  // namespace

Result<StringList> apply_templates(const std::string& folder) {
  std::string rules = folder + "/metadata.yaml";
  if (access(rules.c_str(), F_OK) != 0) return StringList();
  auto metadata = TRY(imagefmt::parse_metadata(TRY(read_file(rules))));
  StringList written;
  for (const auto& [path, rule] : metadata.templates) {
    auto text = read_file(folder + "/" + rule.template_ + ".out", kMaxFile);
    bool exists = access(path.c_str(), F_OK) == 0;
    if (!text || (exists && rule.create_only)) continue;
    TRY(write_target(path, exists, rule, *text));
    written.push_back(path);
  }
  return written;
}

}  // namespace agent
