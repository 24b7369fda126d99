#include "instance/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/encode.h"

namespace instance {
namespace {

constexpr mode_t kFolderMode = 0100, kFileMode = 0400;

Result<> add(StringMap& out, const std::string& key, std::string_view prefix, const std::string& value) {
  std::string name = key.substr(prefix.size());
  if (name.empty() || name == "." || name == ".." || name.contains('/')) return fail(Code::invalid, "Invalid credential name {}: it has to be a file name", quote(name));
  out[name] = value;
  return {};
}

/// The folder, made if it is missing, as a descriptor.
Result<UniqueFd> open_folder(const std::string& path, const sys::IdPair& root) {
  if (mkdir(path.c_str(), kFolderMode) < 0 && errno != EEXIST) return fail_errno("Failed creating " + path);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("Failed opening " + path);
  if (fchown(fd.get(), static_cast<uid_t>(root.uid), static_cast<gid_t>(root.gid)) < 0) return fail_errno("Failed changing owner of " + path);
  if (fchmod(fd.get(), kFolderMode) < 0) return fail_errno("Failed changing mode of " + path);
  return fd;
}

/// A new file takes the place of the old one, so that nobody reads half a credential.
Result<> write_one(int folder, const std::string& name, const std::string& value, const sys::IdPair& root) {
  constexpr const char* kDraft = ".new";
  unlinkat(folder, kDraft, 0);
  UniqueFd fd(openat(folder, kDraft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!fd) return fail_errno("Failed to write credential " + quote(name));
  bool done = write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size()) &&
              fchown(fd.get(), static_cast<uid_t>(root.uid), static_cast<gid_t>(root.gid)) == 0 && renameat(folder, kDraft, folder, name.c_str()) == 0;
  if (done) return {};
  auto failed = fail_errno("Failed to write credential " + quote(name));
  unlinkat(folder, kDraft, 0);
  return failed;
}

}  // namespace

Result<StringMap> credentials_of(const StringMap& config) {
  constexpr std::string_view kText = "systemd.credential.", kBinary = "systemd.credential-binary.";
  StringMap out;
  for (const auto& [key, value] : config) {
    if (key.starts_with(kText)) TRY(add(out, key, kText, value));
    if (!key.starts_with(kBinary)) continue;
    std::string_view digits = value;
    digits = digits.substr(0, digits.find_last_not_of('=') + 1);
    auto bytes = base64_decode(digits);
    if (!bytes) return fail(Code::invalid, "Invalid base64 value for {}: {}", quote(key), quote(value));
    TRY(add(out, key, kBinary, *bytes));
  }
  return out;
}

Result<> write_credentials(const InstancePtr& instance, const sys::IdMap& map) {
  if (instance->mounted.path.empty()) return {};  // its volume could not be mounted again after a restart of the daemon
  StringMap wanted = TRY(credentials_of(instance->view()->config));
  sys::IdPair root = map.empty() ? sys::IdPair{0, 0} : map.to_host(0, 0);
  std::string path = instance->mounted.path + "/credentials";
  UniqueFd folder = TRY(open_folder(path, root));
  for (const auto& [name, value] : wanted) TRY(write_one(folder.get(), name, value, root));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    std::string name = entry.path().filename();
    if (!wanted.contains(name) && unlinkat(folder.get(), name.c_str(), 0) < 0) return fail_errno("Failed to remove credential " + quote(name));
  }
  if (error) return fail_errno("Failed to list credentials directory " + path, error.value());
  return {};
}

}  // namespace instance
