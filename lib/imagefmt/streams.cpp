#include "imagefmt/streams.h"

#include "api/codec.h"

namespace api {

using namespace imagefmt;

API_TYPE(StreamItem) {
  return fields<StreamItem>(field<&StreamItem::combined_disk1>("combined_disk1-img_sha256", kOmitEmpty), field<&StreamItem::combined_kvm>("combined_disk-kvm-img_sha256", kOmitEmpty),
                            field<&StreamItem::combined_uefi>("combined_uefi1-img_sha256", kOmitEmpty), field<&StreamItem::combined_rootxz>("combined_rootxz_sha256", kOmitEmpty),
                            field<&StreamItem::combined>("combined_sha256", kOmitEmpty), field<&StreamItem::combined_squashfs>("combined_squashfs_sha256", kOmitEmpty),
                            field<&StreamItem::combined_type>("combined_type", kOmitEmpty), field<&StreamItem::ftype>("ftype"), field<&StreamItem::md5>("md5", kOmitEmpty),
                            field<&StreamItem::path>("path"), field<&StreamItem::sha256>("sha256", kOmitEmpty), field<&StreamItem::size>("size"),
                            field<&StreamItem::delta_base>("delta_base", kOmitEmpty));
}

API_TYPE(StreamVersion) {
  return fields<StreamVersion>(field<&StreamVersion::items>("items"), field<&StreamVersion::label>("label", kOmitEmpty), field<&StreamVersion::pubname>("pubname", kOmitEmpty));
}

API_TYPE(StreamProduct) {
  return fields<StreamProduct>(field<&StreamProduct::aliases>("aliases"), field<&StreamProduct::arch>("arch"), field<&StreamProduct::os>("os"),
                               field<&StreamProduct::requirements>("requirements", kOmitEmpty), field<&StreamProduct::release>("release"),
                               field<&StreamProduct::release_codename>("release_codename", kOmitEmpty), field<&StreamProduct::release_title>("release_title"),
                               field<&StreamProduct::supported>("supported", kOmitEmpty), field<&StreamProduct::support_eol>("support_eol", kOmitEmpty),
                               field<&StreamProduct::version>("version", kOmitEmpty), field<&StreamProduct::versions>("versions"),
                               field<&StreamProduct::variant>("variant", kOmitEmpty));
}

API_TYPE(StreamProducts) {
  return fields<StreamProducts>(field<&StreamProducts::content_id>("content_id"), field<&StreamProducts::datatype>("datatype"), field<&StreamProducts::format>("format"),
                                field<&StreamProducts::license>("license", kOmitEmpty), field<&StreamProducts::products>("products"),
                                field<&StreamProducts::updated>("updated", kOmitEmpty));
}

API_TYPE(StreamIndexEntry) {
  return fields<StreamIndexEntry>(field<&StreamIndexEntry::datatype>("datatype"), field<&StreamIndexEntry::path>("path"),
                                  field<&StreamIndexEntry::updated>("updated", kOmitEmpty), field<&StreamIndexEntry::products>("products"),
                                  field<&StreamIndexEntry::format>("format", kOmitEmpty));
}

API_TYPE(StreamIndex) {
  return fields<StreamIndex>(field<&StreamIndex::index>("index"), field<&StreamIndex::updated>("updated", kOmitEmpty), field<&StreamIndex::format>("format"));
}

}  // namespace api

namespace imagefmt {

StreamIndex index_of(const StreamProducts& products) {
  StreamIndexEntry entry{.datatype = "image-downloads", .path = "streams/v1/images.json", .updated = {}, .products = {}, .format = "products:1.0"};
  for (const auto& [name, product] : products.products) entry.products.push_back(name);
  return {.index = {{"images", std::move(entry)}}, .updated = {}, .format = "index:1.0"};
}

}  // namespace imagefmt
