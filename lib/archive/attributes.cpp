#include "archive/attributes.h"

#include <linux/limits.h>
#include <sys/xattr.h>

#include <cerrno>
#include <format>
#include <functional>

namespace archive {

namespace {

/// SELinux and Smack labels belong to the policy of the machine they were set on.
bool ignorable(const std::string& name) {
  return errno == ENOTSUP || errno == ENODATA || ((errno == EPERM || errno == EINVAL) && name.starts_with("security.") && name != "security.capability");
}

/// lsetxattr(2) and its kin take paths only: the parent's descriptor gives a path that nobody can redirect.
std::string path_in(int parent, const std::string& name) { return std::format("/proc/self/fd/{}/{}", parent, name); }

Result<> set_all(const Xattrs& xattrs, const std::string& what, const std::function<int(const std::string&, const std::string&)>& set) {
  for (const auto& [name, value] : xattrs) {
    if (set(name, value) != 0 && !ignorable(name)) return fail_errno(std::format("Cannot set attribute {} of {}", name, what));
  }
  return {};
}

Result<Xattrs> get_all(const std::function<ssize_t(char*, size_t)>& list, const std::function<ssize_t(const char*, char*, size_t)>& get) {
  char names[4096];
  ssize_t size = list(names, sizeof names);
  std::string more;
  const char* at = names;
  if (size < 0 && errno == ERANGE) {
    more.resize(XATTR_LIST_MAX);
    size = list(more.data(), more.size());
    at = more.data();
  }
  if (size < 0 && (errno == ENOTSUP || errno == EPERM)) return Xattrs();
  if (size < 0) return fail_errno("Cannot list attributes");
  Xattrs out;
  for (const char* end = at + size; at < end; at += std::string_view(at).size() + 1) {
    char small[1024];
    ssize_t length = get(at, small, sizeof small);
    if (length >= 0) {
      out.emplace_back(at, std::string(small, static_cast<size_t>(length)));
      continue;
    }
    std::string value(XATTR_SIZE_MAX, '\0');
    if (errno == ERANGE) length = get(at, value.data(), value.size());
    if (length < 0) continue;  // gone meanwhile, or not for us
    value.resize(static_cast<size_t>(length));
    out.emplace_back(at, std::move(value));
  }
  return out;
}

}  // namespace

Result<> set_xattrs(int fd, const Xattrs& xattrs, const std::string& what) {
  if (xattrs.empty()) return {};
  return set_all(xattrs, what, [fd](const std::string& name, const std::string& value) { return fsetxattr(fd, name.c_str(), value.data(), value.size(), 0); });
}

Result<> set_link_xattrs(int parent, const std::string& name, const Xattrs& xattrs, const std::string& what) {
  std::string path = path_in(parent, name);
  return set_all(xattrs, what, [&](const std::string& key, const std::string& value) { return lsetxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0); });
}

Result<Xattrs> get_xattrs(int fd) {
  return get_all([fd](char* out, size_t size) { return flistxattr(fd, out, size); },
                 [fd](const char* name, char* out, size_t size) { return fgetxattr(fd, name, out, size); });
}

Result<Xattrs> get_link_xattrs(int parent, const std::string& name) {
  std::string path = path_in(parent, name);
  return get_all([&](char* out, size_t size) { return llistxattr(path.c_str(), out, size); },
                 [&](const char* key, char* out, size_t size) { return lgetxattr(path.c_str(), key, out, size); });
}

}  // namespace archive
