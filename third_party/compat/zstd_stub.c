/* Formats of zstd before its first release (0.5 to 0.7, 2016), which nothing but zstd_decompress.c's switch refers to: such frames are refused. */
#include <stddef.h>

#define VERSION(v)                                                                                                             \
  void *ZSTDv0##v##_createDCtx(void) { return 0; }                                                                             \
  size_t ZSTDv0##v##_freeDCtx(void *context) { return context != 0; }                                                          \
  size_t ZSTDv0##v##_decompress_usingDict(void) { return (size_t)-1; }                                                         \
  size_t ZSTDv0##v##_getFrameParams(void) { return (size_t)-1; }                                                               \
  void ZSTDv0##v##_findFrameSizeInfoLegacy(const void *frame, size_t size, size_t *compressed_size, unsigned long long *bound) { \
    (void)frame, (void)size, *compressed_size = (size_t)-1, *bound = -2ULL;                                                    \
  }                                                                                                                            \
  void *ZBUFFv0##v##_createDCtx(void) { return 0; }                                                                            \
  size_t ZBUFFv0##v##_freeDCtx(void *context) { return context != 0; }                                                         \
  size_t ZBUFFv0##v##_decompressInitDictionary(void) { return (size_t)-1; }                                                    \
  size_t ZBUFFv0##v##_decompressContinue(void) { return (size_t)-1; }
VERSION(5) VERSION(6) VERSION(7)
