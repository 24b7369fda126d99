// Extended attributes of files that are being created, and copying them from one file to another.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace archive {

using Xattrs = std::vector<std::pair<std::string, std::string>>;

/// On an open file or folder. A file system without attributes, and labels of a security module that is not ours, are no errors.
Result<> set_xattrs(int fd, const Xattrs& xattrs, const std::string& what);
/// On the link or node `name` in `parent` itself.
Result<> set_link_xattrs(int parent, const std::string& name, const Xattrs& xattrs, const std::string& what);
/// All attributes of an open file. Empty where the file system has none.
Result<Xattrs> get_xattrs(int fd);
Result<Xattrs> get_link_xattrs(int parent, const std::string& name);

}  // namespace archive
