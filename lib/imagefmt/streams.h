// The files of a simplestreams server as structs: "index:1.0" and "products:1.0". Written in this order, read leniently.
#pragma once
#include "api/field.h"

namespace imagefmt {

/// One file of a version.
struct StreamItem {
  std::string combined_disk1, combined_kvm, combined_uefi, combined_rootxz, combined, combined_squashfs;  ///< SHA-256 of metadata + that root
  std::string combined_type;  ///< "virtual-machine" for unified images of one
  std::string ftype, md5, path, sha256;
  int64_t size = 0;       ///< bytes
  std::string delta_base; ///< a delta: the version it applies to
};
struct StreamVersion {
  std::map<std::string, StreamItem> items;
  std::string label, pubname;
};
struct StreamProduct {
  std::string aliases, arch, os;
  StringMap requirements;
  std::string release, release_codename, release_title;
  bool supported = false;
  std::string support_eol, version;
  std::map<std::string, StreamVersion> versions;
  std::string variant;
};
struct StreamProducts {
  std::string content_id, datatype, format, license;
  std::map<std::string, StreamProduct> products;
  std::string updated;
};

struct StreamIndexEntry {
  std::string datatype, path, updated;
  StringList products;
  std::string format;
};
struct StreamIndex {
  std::map<std::string, StreamIndexEntry> index;
  std::string updated, format;
};

/// The index of a server that has one list of products.
StreamIndex index_of(const StreamProducts& products);

}  // namespace imagefmt

namespace api {
API_DECLARE(imagefmt::StreamItem)
API_DECLARE(imagefmt::StreamVersion)
API_DECLARE(imagefmt::StreamProduct)
API_DECLARE(imagefmt::StreamProducts)
API_DECLARE(imagefmt::StreamIndexEntry)
API_DECLARE(imagefmt::StreamIndex)
}  // namespace api
