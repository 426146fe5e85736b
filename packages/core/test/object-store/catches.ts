/** Which lies each check has to catch. */
export const CATCHES: { readonly [check: string]: readonly string[] } = {
  'keeps bytes of every size as they are': [
    'keeps nothing of an empty object',
    'keeps one mebibyte at most',
  ],
  'keeps a stream as it is, whatever the size of its chunks': ['loses the last chunk of a stream'],
  'keeps a stream without chunks, and one with empty chunks': ['ends a stream at an empty chunk'],
  'says of an object what put, head and list agree on': [
    'tells seconds instead of milliseconds',
    'lists sizes that are wrong',
  ],
  'replaces an object, longer or shorter': [
    'never replaces an object',
    'appends to an object that is there',
  ],
  'keeps its own copy of what is written': ['keeps the bytes that it was given instead of a copy'],
  'hands out bytes that can be changed without harm': ['hands out the bytes that it keeps'],
  'asks a body for one chunk at a time, and for nothing after its end': [
    'asks a body for several chunks at once',
  ],
  'takes many objects at once': ['loses a write that comes beside others'],
  'shows to a second opening what the first has written': [
    'forgets what it has when it is opened again',
  ],
  'passes on the error of a body, and keeps nothing of it': [
    'publishes what a broken body gave so far',
    'wraps the error of a body',
    'swallows the error of a body',
  ],
  'keeps the object that was there when its replacement fails': [
    'removes the old object before the new one is whole',
    'publishes what a broken body gave so far',
  ],
  'shows nothing of an object before it is whole': [
    'publishes a part before the whole',
    'shows its unfinished writes',
  ],
  'shows the old object until the new one is whole': [
    'publishes a part before the whole',
    'removes the old object before the new one is whole',
  ],
  'leaves one of two writes under a key whole when they meet': ['mixes two writes under a key'],
  'gives a write up before it begins when its signal is aborted': [
    'ignores the signal of a write',
    'publishes what a broken body gave so far',
  ],
  'gives a write up at once when its signal aborts, even while the body keeps it waiting': [
    'ignores the signal of a write',
    'looks at the signal of a write only when a chunk comes',
    'does not close a body it gives up',
    'removes the old object before the new one is whole',
  ],
  'takes a key again after a write under it was given up': ['blocks a key after a failed write'],
  'keeps an object of several parts as it is, also read in ranges': [
    'keeps one mebibyte at most',
    'loses the last chunk of a stream',
    'ignores a range',
  ],
  'keeps nothing of an object of several parts whose body breaks': [
    'publishes what a broken body gave so far',
    'wraps the error of a body',
  ],
  'shows an object of several parts when it is whole, and the old one until then': [
    'publishes a part before the whole',
    'removes the old object before the new one is whole',
  ],
  'gives an object of several parts up at once when its signal aborts': [
    'ignores the signal of a write',
    'looks at the signal of a write only when a chunk comes',
    'does not close a body it gives up',
  ],
  'leaves one of two objects of several parts whole when they meet, and says which failed': [
    'mixes two writes under a key',
    'fails for good when two writes meet',
  ],
  'has the old object or the new one at every moment, where it is atomic': [
    'removes the old object before the new one is whole',
  ],
  'sweeps no write away that is under way': ['sweeps what is under way'],
  'keeps an object until a time, or refuses to': [
    'ignores a retention',
    'ignores a retention where it does not claim it',
    'takes a retention that is past',
  ],
  'refuses ifAbsent when the key is taken, or altogether when it cannot keep it': [
    'ignores ifAbsent',
    'ignores ifAbsent where it does not claim it',
  ],
  'writes with ifAbsent when the key is free, also after a delete or a failed write': [
    'refuses ifAbsent always',
    'never takes a deleted key again',
    'blocks a key after a failed write',
    'ignores ifAbsent where it does not claim it',
  ],
  'lets exactly one of several writers with ifAbsent win': [
    'ignores ifAbsent',
    'looks whether the key is free only before it reads the body',
  ],
  'lets exactly one writer win between two openings of the place': [
    'decides ifAbsent in its own process only',
    'looks whether the key is free only before it reads the body',
  ],
  'says OBJECT_MISSING with the first read, not before': [
    'throws at the call of get instead of the first read',
    'reads nothing as an empty object',
    'throws a plain error for what is missing',
  ],
  'has undefined for the head of nothing': ['has an empty head of nothing'],
  'leaves a chunk as it is while others are read, or at least until then when it is lent': [
    'lends every chunk',
    'takes a lent chunk back before the next is asked for',
  ],
  'never ends a read early when the object is deleted under it': [
    'ends a read early when the object is deleted',
  ],
  'never mixes two objects when one is replaced under a read': [
    'reads every chunk from what is there by then',
  ],
  'gives several readers of one object all of it': ['gives one of several readers nothing'],
  "throws the signal's reason from a read that is given up": [
    'ignores the signal of a read',
    'ends a read that is given up as if it were whole',
    'ignores the signal of head',
    'gives a big object in one piece',
  ],
  'frees what a read held when its loop is left': ['frees nothing when a loop is left'],
  'frees what a read held when its signal aborts, though nobody reads on': [
    'frees a read only when it is read on after an abort',
  ],
  'frees what a read held when it fails or was never begun': [
    'opens an object before anybody reads',
  ],
  'reads from start up to, but without, end': [
    'takes the end of a range for the last byte',
    'ignores a range',
  ],
  'reads nothing where a range holds nothing': [
    'takes the end of a range for the last byte',
    'gives the whole where a range holds nothing',
    'fails on a range beyond the end',
  ],
  'refuses a range that makes no sense': ['gives the whole for a range that makes no sense'],
  'lists nothing where nothing is': ['lists something where nothing is'],
  'lists in ascending order over the whole tree': [
    'lists in the order of writing',
    'lists as directories are sorted',
    'lists in the order of a language',
  ],
  'orders keys by the bytes of their UTF-8': [
    'lists in the order of UTF-16 code units',
    'lists in the order of a language',
  ],
  'lists what begins with the prefix, as a text and not as a directory or a pattern': [
    'takes a prefix for a directory',
    'takes a prefix for a pattern',
  ],
  'lists every object of many, once': ['lists one page', 'lists the last of a page again'],
  'lists the size that head tells': ['lists sizes that are wrong'],
  'misses nothing and gives nothing twice while objects come and go': [
    'fails when an object vanishes under a listing',
    'lists by position, and misses what moves up',
  ],
  "throws the signal's reason from a listing that is given up": ['ignores the signal of a listing'],
  'frees what a listing held when its loop is left': ['holds what a listing needs for ever'],
  'deletes an object and no other': ['deletes nothing', 'deletes all that begins with the key'],
  'deletes nothing without complaint where nothing is': [
    'complains when there is nothing to delete',
    'deletes all that begins with the key',
  ],
  'gives a delete up before it begins when its signal is aborted': [
    'ignores the signal of a delete',
  ],
  'takes a deleted key again': ['never takes a deleted key again'],
  'takes the last object of a place away while others arrive there': [
    'takes a directory away with what has just arrived in it',
  ],
  'refuses an invalid key, whatever is asked of it': ['takes any key', 'takes a reserved key'],
  'keeps strange but valid keys as they are': ['decodes a key', 'trims a key'],
  'keeps the longest key, and refuses a longer one': [
    'cuts a long key',
    'claims to take shorter keys than it does',
  ],
  'tells keys apart that differ only in case': ['does not tell cases apart'],
  'names its place by a URL without credentials': [
    'tells its credentials',
    'has a URL that is none',
  ],
  'says what it can do': [
    'claims a copy it does not have',
    'claims a retention it does not have',
    'has no largest object',
  ],
  'copies an object where it offers to': ['moves instead of copying', 'copies nothing'],
  'refuses a copy as it refuses a write': [
    'copies onto a taken key',
    'copies although it was told not to',
    'copies nothing',
  ],
  'counts its free bytes, where it can': ['has a number of free bytes that is none'],
  'can be closed twice': ['cannot be closed twice'],
  'says that its service cannot be reached, and works again when it can': [
    'takes a dead line for an empty place',
    'stays down once its line was cut',
  ],
  'keeps nothing of a write whose line is cut, and keeps what was there': [
    'keeps the half of a write whose line was cut',
  ],
  'never takes half of an object for the whole when the answer is lost': [
    'keeps the half of a write whose answer was lost',
  ],
  'has the old object or the new one, wherever its line is cut': [
    'keeps the half of a write whose line was cut',
  ],
  'takes what a slow line gives it in pieces for what it is': [
    'takes the first piece of an object for all of it',
  ],
  'never ends a read early when its line is cut': [
    'ends a read whose line was cut as if it were whole',
  ],
  'lets go of a line that hangs at once when told to': [
    'hangs with its line, whatever the signal says',
  ],
  'asks a body for no more than a little beyond what the line takes': [
    'reads a body ahead of its line',
  ],
  'asks the line for no more than a little beyond what is read': ['reads ahead of its reader'],
};
