// What the libarchive users share: owning handles and error texts. Private to lib/archive.
#pragma once
#include <sys/types.h>

#include <cstdio>
#include <ctime>
// Its central struct has the name of our namespace.
#define archive la_archive
#include <archive.h>
#include <archive_entry.h>
#undef archive

#include <memory>
#include <string>

#include "base/result.h"

namespace archive {

struct ReadFree {
  void operator()(la_archive* handle) const { archive_read_free(handle); }
};
struct WriteFree {
  void operator()(la_archive* handle) const { archive_write_free(handle); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using ReadHandle = std::unique_ptr<la_archive, ReadFree>;
using WriteHandle = std::unique_ptr<la_archive, WriteFree>;
using EntryHandle = std::unique_ptr<archive_entry, EntryFree>;

/// libarchive converts names by the C library's locale: names are UTF-8 here. Cheap after the first call.
void set_utf8_locale();
inline Failure archive_failure(Code code, const char* what, la_archive* handle) {
  const char* text = archive_error_string(handle);
  return fail(code, "{}: {}", what, text ? text : "unknown error");
}

}  // namespace archive
