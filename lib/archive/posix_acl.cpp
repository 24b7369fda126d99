#include "archive/posix_acl.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include <algorithm>
#include <vector>

#include "archive/libarchive.h"

namespace archive {

namespace {
uint16_t kernel_tag(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: return ACL_USER_OBJ;
    case ARCHIVE_ENTRY_ACL_USER: return ACL_USER;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return ACL_GROUP_OBJ;
    case ARCHIVE_ENTRY_ACL_GROUP: return ACL_GROUP;
    case ARCHIVE_ENTRY_ACL_MASK: return ACL_MASK;
    case ARCHIVE_ENTRY_ACL_OTHER: return ACL_OTHER;
    default: return 0;
  }
}
}  // namespace

std::string acl_to_xattr(archive_entry* entry, int type) {
  if (archive_entry_acl_reset(entry, type) == 0) return "";
  std::vector<posix_acl_xattr_entry> list;
  int got_type, permset, tag, id;
  const char* name;
  while (archive_entry_acl_next(entry, type, &got_type, &permset, &tag, &id, &name) == ARCHIVE_OK) {
    uint16_t kernel = kernel_tag(tag);
    if (kernel == 0) continue;
    // Only named users and groups carry a number; the others say "undefined".
    uint32_t number = kernel == ACL_USER || kernel == ACL_GROUP ? static_cast<uint32_t>(id) : ACL_UNDEFINED_ID;
    list.push_back({htole16(kernel), htole16(static_cast<uint16_t>(permset & 7)), htole32(number)});
  }
  if (list.empty()) return "";
  // The kernel wants them in tag order, then by id.
  std::ranges::sort(list, {}, [](const auto& item) { return std::pair(le16toh(item.e_tag), le32toh(item.e_id)); });
  posix_acl_xattr_header header{htole32(POSIX_ACL_XATTR_VERSION)};
  std::string out(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof list[0]);
  return out;
}

}  // namespace archive
