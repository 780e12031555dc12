// What Gridwatch uses of FFmpeg, and the macros that Swift cannot import.

#pragma once

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <libavutil/avutil.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/rational.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

// Error codes: function-like macros in FFmpeg.
static const int gw_error_again = AVERROR(EAGAIN);
static const int gw_error_end = AVERROR_EOF;
static const int gw_error_exit = AVERROR_EXIT;
static const int gw_error_format = AVERROR(EINVAL);
static const int gw_error_invalid_data = AVERROR_INVALIDDATA;
static const int gw_error_no_memory = AVERROR(ENOMEM);
static const int gw_error_timed_out = AVERROR(ETIMEDOUT);
static const int gw_error_unauthorized = AVERROR_HTTP_UNAUTHORIZED;

// The time stamp that says there is none.
static const int64_t gw_no_time = AV_NOPTS_VALUE;

// FFmpeg's codes of operating system errors are the negated errno.
static inline int gw_error_from_errno(int number) { return AVERROR(number); }

// av_opt_set needs a `void *`; these keep its use typed.
static inline int gw_set_codec_option(AVCodecContext *context, const char *name, const char *value) {
    return av_opt_set(context->priv_data, name, value, 0);
}
static inline int gw_set_muxer_option(AVFormatContext *context, const char *name, const char *value) {
    return av_opt_set(context->priv_data, name, value, 0);
}
