// ISO 9660 images of small folders, with Rock Ridge for names, modes and links (ECMA-119, IEEE P1282): what config drives are made of. Written here
// because libarchive's writer costs 55 KB and copies all content three times.
#pragma once
#include <string>

#include "base/context.h"

namespace imagefmt {

/// Writes what is in `folder` as an image to `path`, replacing it. Owned by root inside, whatever the folder's owner; modes are kept. Regular files,
/// folders and symbolic links, at most 8 folders deep, names up to 150 bytes, files up to 4 GiB. The content of large files is shared with the
/// original where the file system can.
/// label: up to 32 letters. Errors: invalid (something that does not fit), internal. Blocks; honours ctx.
Result<> write_iso(const Context& ctx, const std::string& folder, const std::string& label, const std::string& path);

}  // namespace imagefmt
