#include "instance/metadata.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "api/yaml.h"
#include "base/write_all.h"
#include "sys/beneath.h"

namespace instance {
namespace {

constexpr size_t kMaxMetadata = 1 << 20;

/// YAML knows numbers and booleans where the wire structs have text.
void to_texts(Json& value) {
  if (value.is_number_integer()) value = std::to_string(value.get<int64_t>());
  else if (value.is_number() || value.is_boolean()) value = api::dump_json(value);
}

void fix_scalars(Json& metadata) {
  if (metadata.contains("properties") && metadata["properties"].is_object())
    for (auto& item : metadata["properties"].items()) to_texts(item.value());
  if (!metadata.contains("templates") || !metadata["templates"].is_object()) return;
  for (auto& entry : metadata["templates"].items()) {
    for (const char* key : {"uid", "gid", "mode"})
      if (entry.value().contains(key)) to_texts(entry.value()[key]);
    if (entry.value().contains("properties") && entry.value()["properties"].is_object())
      for (auto& item : entry.value()["properties"].items()) to_texts(item.value());
  }
}

Result<> check_name(const std::string& name) {
  if (name.empty() || name.contains('/') || name == "." || name == "..")
    return fail(Code::invalid, "Invalid template name {}: a plain file name is needed", quote(name));
  return {};
}

Result<UniqueFd> open_templates(const std::string& volume, bool create) {
  UniqueFd root = TRY(sys::open_directory(volume));
  if (create && mkdirat(root.get(), "templates", 0711) != 0 && errno != EEXIST) return fail_errno("Failed creating the templates folder");
  auto folder = sys::open_beneath(root.get(), "templates", O_RDONLY | O_DIRECTORY);
  if (!folder && folder.error().code() == Code::not_found) return fail(Code::not_found, "Templates folder not found");
  return folder;
}

Result<std::string> read_all(int fd, size_t limit) {
  std::string out;
  char buffer[16384];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("Failed reading");
    if (got == 0) return out;
    out.append(buffer, static_cast<size_t>(got));
    if (out.size() > limit) return fail(Code::too_large, "File is too large (at most {} bytes)", limit);
  }
}

}  // namespace

Result<api::ImageMetadata> load_metadata(const std::string& volume) {
  UniqueFd root = TRY(sys::open_directory(volume));
  auto file = sys::open_beneath(root.get(), "metadata.yaml", O_RDONLY);
  if (!file) {
    if (file.error().code() == Code::not_found) return api::ImageMetadata{};
    return std::unexpected(file.error());
  }
  Json json = TRY_CTX(api::parse_yaml(TRY(read_all(file->get(), kMaxMetadata))), "Could not parse metadata.yaml");
  if (!json.is_object()) return api::ImageMetadata{};
  fix_scalars(json);
  return TRY_CTX(api::from_json<api::ImageMetadata>(json), "Could not parse metadata.yaml");
}

Result<> save_metadata(const std::string& volume, const api::ImageMetadata& metadata) {
  return write_file_atomic(volume + "/metadata.yaml", api::dump_yaml(api::to_json(metadata)), 0644);
}

Result<StringList> template_names(const std::string& volume) {
  StringList out;
  auto folder = open_templates(volume, false);
  if (!folder) {
    if (folder.error().code() == Code::not_found) return out;
    return std::unexpected(folder.error());
  }
  DIR* dir = fdopendir(folder->release());
  if (!dir) return fail_errno("Failed listing templates");
  while (dirent* entry = readdir(dir)) {
    struct stat info;
    if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode)) out.push_back(entry->d_name);
  }
  closedir(dir);
  std::ranges::sort(out);
  return out;
}

Result<std::string> read_template(const std::string& volume, const std::string& name) {
  TRY(check_name(name));
  UniqueFd folder = TRY(open_templates(volume, false));
  auto file = sys::open_beneath(folder.get(), name, O_RDONLY);
  if (!file) return file.error().code() == Code::not_found ? fail(Code::not_found, "Template {} not found", quote(name)) : std::unexpected(file.error());
  return read_all(file->get(), kMaxMetadata);
}

Result<> write_template(const std::string& volume, const std::string& name, std::string_view text) {
  TRY(check_name(name));
  UniqueFd folder = TRY(open_templates(volume, true));
  UniqueFd file = TRY(sys::open_beneath(folder.get(), name, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return write_all(file.get(), text) ? Result<>() : fail_errno("Failed writing template " + name);
}

Result<> remove_template(const std::string& volume, const std::string& name) {
  TRY(check_name(name));
  UniqueFd folder = TRY(open_templates(volume, false));
  if (unlinkat(folder.get(), name.c_str(), 0) != 0)
    return errno == ENOENT ? fail(Code::not_found, "Template {} not found", quote(name)) : fail_errno("Failed deleting template " + name);
  return {};
}

}  // namespace instance
