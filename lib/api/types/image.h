// Wire types of the "image" part of the REST API: names, order and JSON spelling follow doc/rest-api.yaml.
#pragma once
#include "api/field.h"

namespace api {

struct ImageAlias {
  std::string name;
  std::string description;
};

struct ImageExportPost {
  std::string target;
  std::string secret;
  std::string certificate;
  std::vector<ImageAlias> aliases;
  std::string project;
  std::vector<std::string> profiles;
};

struct ImagePut {
  bool auto_update = false;
  StringMap properties;
  bool public_ = false;
  Timestamp expires_at;
  std::vector<std::string> profiles;
};

struct ImageSource {
  std::string alias;
  std::string certificate;
  std::string protocol;
  std::string server;
  std::string image_type;
};

struct ImagesPostSource : ImageSource {
  std::string mode;
  std::string type;
  std::string url;
  std::string name;
  std::string fingerprint;
  std::string secret;
  std::string project;
};

struct ImagesPost : ImagePut {
  std::string filename;
  std::optional<ImagesPostSource> source;
  std::string compression_algorithm;
  std::string format;
  std::vector<ImageAlias> aliases;
};

struct Image : ImagePut {
  std::vector<ImageAlias> aliases;
  std::string architecture;
  bool cached = false;
  std::string filename;
  std::string fingerprint;
  int64_t size = 0;
  std::optional<ImageSource> update_source;
  std::string type;
  Timestamp created_at;
  Timestamp last_used_at;
  Timestamp uploaded_at;
  std::string project;
  std::vector<std::string> locations;
};

struct ImageAliasesEntryPut {
  std::string description;
  std::string target;
};

struct ImageAliasesEntry : ImageAliasesEntryPut {
  std::string name;
  std::string type;
};

struct ImageAliasesPost : ImageAliasesEntry {
};

struct ImageAliasesEntryPost {
  std::string name;
};

struct ImageMetadataTemplate {
  std::vector<std::string> when;
  bool create_only = false;
  std::string template_;
  StringMap properties;
  std::string uid;
  std::string gid;
  std::string mode;
};

struct ImageMetadata {
  std::string architecture;
  int64_t creation_date = 0;
  int64_t expiry_date = 0;
  StringMap properties;
  std::map<std::string, ImageMetadataTemplate> templates;
};

API_DECLARE(ImageAlias)
API_DECLARE(ImageExportPost)
API_DECLARE(ImagePut)
API_DECLARE(ImageSource)
API_DECLARE(ImagesPostSource)
API_DECLARE(ImagesPost)
API_DECLARE(Image)
API_DECLARE(ImageAliasesEntryPut)
API_DECLARE(ImageAliasesEntry)
API_DECLARE(ImageAliasesPost)
API_DECLARE(ImageAliasesEntryPost)
API_DECLARE(ImageMetadataTemplate)
API_DECLARE(ImageMetadata)

}  // namespace api
