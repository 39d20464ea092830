/* The helper's code as bytes, to be written into the target. */
#ifndef LT_AGENT_BLOB_H
#define LT_AGENT_BLOB_H

extern const unsigned char agent_blob[], agent_blob_end[];

#endif
