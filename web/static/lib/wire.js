// Written by go generate ./signaling, from package wire and the types of the data. Don't edit.

// Requests and events.
export const JOIN_SESSION = 'join_session'
export const LEAVE_SESSION = 'leave_session'
export const HEARTBEAT = 'heartbeat'
export const REQUEST_SESSION_STATE = 'request_session_state'
export const REQUEST_LEADERSHIP = 'request_leadership'
export const HAND_OVER = 'hand_over'
export const UPDATE_DEVICE = 'update_device'
export const UPDATE_USER = 'update_user'
export const REMOVE_DEVICE = 'remove_device'
export const UPDATE_SESSION = 'update_session'
export const END_SESSION = 'end_session'
export const LOAD_MEDIA = 'load_media'
export const SYNC_PLAYBACK = 'sync_playback'
export const PLAYBACK_OPTIONS = 'playback_options'
export const MEDIA_INFO = 'media_info'
export const BUFFERING = 'buffering'
export const REPORT_DESYNC = 'report_desync'
export const START_RECORDING = 'start_recording'
export const STOP_RECORDING = 'stop_recording'
export const SCHEDULE = 'schedule'
export const CANCEL = 'cancel'
export const ARMED = 'armed'
export const FIRED = 'fired'
export const MISSED = 'missed'
export const RECORDING_STARTED = 'recording_started'
export const RECORDING_STOPPED = 'recording_stopped'
export const UPLOAD_COMPLETED = 'upload_completed'
export const RECORDING_FAILED = 'recording_failed'
export const RECORDING_PART = 'recording_part'
export const RECORDING_REPORT = 'recording_report'
export const CAMERA_SETTINGS = 'camera_settings'
export const WATCH_MONITOR = 'watch_monitor'
export const MONITOR = 'monitor'
export const DEVICE_STATUS = 'device_status'
export const OFFER = 'offer'
export const CANDIDATE = 'candidate'
export const RESYNC = 'resync'
export const OK = 'ok'
export const SCHEDULED = 'scheduled'
export const ERROR = 'error'
export const SESSION_JOINED = 'session_joined'
export const JOINED_SESSION = 'joined_session'
export const USER_JOINED = 'user_joined'
export const USER_LEFT = 'user_left'
export const USER_CHANGED = 'user_changed'
export const DEVICE_JOINED = 'device_joined'
export const DEVICE_DISCONNECTED = 'device_disconnected'
export const DEVICE_CHANGED = 'device_changed'
export const DEVICE_REMOVED = 'device_removed'
export const SESSION_CHANGED = 'session_changed'
export const SESSION_ENDED = 'session_ended'
export const LEADERSHIP_CHANGED = 'leadership_changed'
export const MEDIA_LOADED = 'media_loaded'
export const PLAYBACK_SYNC = 'playback_sync'
export const SESSION_COMPLETED = 'session_completed'
export const COMMAND = 'command'
export const CANCELLED = 'cancelled'
export const DESYNC_RECOVERY = 'desync_recovery'
export const TAKE_CHANGED = 'take_changed'
export const MONITOR_WANTED = 'monitor_wanted'
export const HEARTBEAT_ACK = 'heartbeat_ack'
export const SESSION_STATE = 'session_state'
export const COMMAND_REPORT = 'command_report'
export const SYNC_STATUS = 'sync_status'
export const ANSWER = 'answer'
export const EXCHANGE = 'exchange'
export const GOODBYE = 'goodbye'

/**
 * Events at whose timestamp all devices act.
 *
 * @type {readonly ('playback_sync' | 'start_recording' | 'stop_recording' | 'command')[]}
 */
export const COMMANDS = /* @__PURE__ */ Object.freeze([PLAYBACK_SYNC, START_RECORDING, STOP_RECORDING, COMMAND])

/** Events that come over the control channel as well. */
export const TWO_WAYS = /* @__PURE__ */ Object.freeze([PLAYBACK_SYNC, START_RECORDING, STOP_RECORDING, COMMAND, CANCELLED])

/** Requests that report something: sent until they are answered, after coming back too. */
export const REPORTS = /* @__PURE__ */ Object.freeze([ARMED, FIRED, MISSED, RECORDING_STARTED, RECORDING_STOPPED, UPLOAD_COMPLETED, RECORDING_FAILED, RECORDING_REPORT])

// Codes of errors.
export const CODE_BAD_SESSION_ID = 'bad_session_id'
export const CODE_BAD_SESSION_NAME = 'bad_session_name'
export const CODE_BAD_USER_ID = 'bad_user_id'
export const CODE_BAD_USERNAME = 'bad_username'
export const CODE_BAD_AVATAR = 'bad_avatar'
export const CODE_BAD_DEVICE_TYPE = 'bad_device_type'
export const CODE_BAD_VIEW_TYPE = 'bad_view_type'
export const CODE_BAD_USER_AGENT = 'bad_user_agent'
export const CODE_BAD_NAME = 'bad_name'
export const CODE_BAD_PAYLOAD = 'bad_payload'
export const CODE_PAYLOAD_TOO_LARGE = 'payload_too_large'
export const CODE_BAD_LABEL = 'bad_label'
export const CODE_BAD_DURATION = 'bad_duration'
export const CODE_BAD_DELAY = 'bad_delay'
export const CODE_BAD_MAX_LATE = 'bad_max_late'
export const CODE_BAD_REASON = 'bad_reason'
export const CODE_BAD_TIME = 'bad_time'
export const CODE_BAD_MEDIA = 'bad_media'
export const CODE_BAD_PLAYBACK = 'bad_playback'
export const CODE_BAD_SIZE = 'bad_size'
export const CODE_BAD_STATUS = 'bad_status'
export const CODE_BAD_SETTINGS = 'bad_settings'
export const CODE_BAD_MONITOR = 'bad_monitor'
export const CODE_BAD_TAKE = 'bad_take'
export const CODE_BAD_REPORT = 'bad_report'
export const CODE_BAD_DEVICES = 'bad_devices'
export const CODE_AMBIGUOUS_TIME = 'ambiguous_time'
export const CODE_AT_IN_PAST = 'at_in_past'
export const CODE_AT_TOO_FAR = 'at_too_far'
export const CODE_SESSION_NOT_FOUND = 'session_not_found'
export const CODE_SESSION_FULL = 'session_full'
export const CODE_TOO_MANY_SESSIONS = 'too_many_sessions'
export const CODE_TOO_MANY_DEVICES = 'too_many_devices'
export const CODE_USER_ID_TAKEN = 'user_id_taken'
export const CODE_BAD_RESUME_TOKEN = 'bad_resume_token'
export const CODE_BAD_USER_TOKEN = 'bad_user_token'
export const CODE_BAD_TOKEN = 'bad_token'
export const CODE_MAY_NOT_LEAD = 'may_not_lead'
export const CODE_NOT_LEADER = 'not_leader'
export const CODE_LEADER_CONNECTED = 'leader_connected'
export const CODE_TOO_MANY_COMMANDS = 'too_many_commands'
export const CODE_UNKNOWN_USER = 'unknown_user'
export const CODE_UNKNOWN_COMMAND = 'unknown_command'
export const CODE_UNKNOWN_DEVICE = 'unknown_device'
export const CODE_COMMAND_CANCELLED = 'command_cancelled'
export const CODE_COMMAND_PAST = 'command_past'
export const CODE_RECORDING_IN_PROGRESS = 'recording_in_progress'
export const CODE_TOO_MANY_RECORDINGS = 'too_many_recordings'
export const CODE_NOT_RECORDING = 'not_recording'
export const CODE_UNKNOWN_RECORDING = 'unknown_recording'
export const CODE_RECORDING_DELETED = 'recording_deleted'
export const CODE_RECORDING_NOT_STARTED = 'recording_not_started'
export const CODE_NOT_JOINED = 'not_joined'
export const CODE_BUSY = 'busy'
export const CODE_UNAVAILABLE = 'unavailable'
export const CODE_KEY_NEEDED = 'key_needed'
export const CODE_BAD_KEY = 'bad_key'
export const CODE_BAD_LINK = 'bad_link'
export const CODE_LINK_EXPIRED = 'link_expired'
export const CODE_TOKEN_NEEDED = 'token_needed'
export const CODE_TOKEN_MALFORMED = 'token_malformed'
export const CODE_TOKEN_ALGORITHM = 'token_algorithm'
export const CODE_TOKEN_SIGNATURE = 'token_signature'
export const CODE_TOKEN_EXPIRED = 'token_expired'
export const CODE_TOKEN_NOT_YET = 'token_not_yet'
export const CODE_TOKEN_CRITICAL = 'token_critical'
export const CODE_TOKEN_ISSUER = 'token_issuer'
export const CODE_TOKEN_AUDIENCE = 'token_audience'
export const CODE_TOKEN_CLAIMS = 'token_claims'
export const CODE_TOKEN_SESSION = 'token_session'
export const CODE_TOKEN_USER = 'token_user'
export const CODE_NOT_ALLOWED = 'not_allowed'
export const CODE_TOO_MANY_ATTEMPTS = 'too_many_attempts'
export const CODE_TOO_MANY_REQUESTS = 'too_many_requests'
export const CODE_TOO_MANY_CONNECTIONS = 'too_many_connections'
export const CODE_ALREADY_JOINED = 'already_joined'
export const CODE_UNKNOWN_EVENT = 'unknown_event'
export const CODE_BAD_MESSAGE = 'bad_message'
export const CODE_BAD_FIELD = 'bad_field'
export const CODE_MESSAGE_TOO_LARGE = 'message_too_large'
export const CODE_TOO_MANY_MESSAGES = 'too_many_messages'
export const CODE_JOIN_TIMEOUT = 'join_timeout'
export const CODE_OTHER_SESSION = 'other_session'
export const CODE_BAD_OFFER = 'bad_offer'
export const CODE_TOO_MANY_OFFERS = 'too_many_offers'
export const CODE_BAD_CANDIDATE = 'bad_candidate'
export const CODE_BAD_FRAME = 'bad_frame'
export const CODE_NOT_FOUND = 'not_found'
export const CODE_BAD_HOST = 'bad_host'
export const CODE_BAD_ORIGIN = 'bad_origin'
export const CODE_BAD_BODY = 'bad_body'
export const CODE_NOT_WEBSOCKET = 'not_websocket'
export const CODE_INTERNAL = 'internal'
export const CODE_NO_STORAGE = 'no_storage'
export const CODE_UNKNOWN_UPLOAD = 'unknown_upload'
export const CODE_BAD_TUS_VERSION = 'bad_tus_version'
export const CODE_BAD_CONTENT_TYPE = 'bad_content_type'
export const CODE_BAD_LENGTH = 'bad_length'
export const CODE_BAD_OFFSET = 'bad_offset'
export const CODE_BAD_METADATA = 'bad_metadata'
export const CODE_BAD_RECORDING_ID = 'bad_recording_id'
export const CODE_BAD_FILENAME = 'bad_filename'
export const CODE_BAD_FILETYPE = 'bad_filetype'
export const CODE_BAD_CONCAT = 'bad_concat'
export const CODE_OFFSET_MISMATCH = 'offset_mismatch'
export const CODE_SUPERSEDED = 'superseded'
export const CODE_NOT_YOUR_RECORDING = 'not_your_recording'
export const CODE_UPLOAD_UNDER_WAY = 'upload_under_way'
export const CODE_EMPTY_UPLOAD = 'empty_upload'
export const CODE_UPLOAD_TOO_LARGE = 'upload_too_large'
export const CODE_UPLOAD_TOO_LONG = 'upload_too_long'
export const CODE_ALREADY_UPLOADED = 'already_uploaded'
export const CODE_TOO_MANY_UPLOADS = 'too_many_uploads'
export const CODE_DISK_FULL = 'disk_full'
export const CODE_STORAGE_AWAY = 'storage_away'
export const CODE_STORAGE_REFUSED = 'storage_refused'
export const CODE_INSTANCE_AWAY = 'instance_away'
export const CODE_BAD_INSTANCE = 'bad_instance'
export const CODE_UNKNOWN_MEDIA = 'unknown_media'
export const CODE_NOT_UPLOADED = 'not_uploaded'
export const CODE_FILE_MISSING = 'file_missing'
export const CODE_NOTHING_TO_EXPORT = 'nothing_to_export'
export const CODE_UNKNOWN_TAKE = 'unknown_take'

// Codes of closes, and the code of the error that the library makes of those that are for good.
export const CLOSE_REPLACED = 4001
export const CODE_CLOSED_REPLACED = 'closed_4001'
export const CLOSE_TOO_MANY_FAULTY_MESSAGES = 4002
export const CODE_CLOSED_TOO_MANY_FAULTY_MESSAGES = 'closed_4002'
export const CLOSE_JOIN_TIMEOUT = 4003
export const CLOSE_SLOW_READER = 4004
export const CLOSE_LEFT = 4005
export const CODE_CLOSED_LEFT = 'closed_4005'
export const CLOSE_JOIN_REFUSED = 4006
export const CODE_CLOSED_JOIN_REFUSED = 'closed_4006'
export const CLOSE_REMOVED = 4007
export const CODE_CLOSED_REMOVED = 'closed_4007'
export const CLOSE_ENDED = 4008
export const CODE_CLOSED_ENDED = 'closed_4008'

/**
 * The data of each event.
 *
 * @typedef {object} EventData
 * @property {undefined} ok
 * @property {Scheduled} scheduled
 * @property {ErrorData} error
 * @property {SessionJoined} session_joined
 * @property {JoinedSession} joined_session
 * @property {UserJoined} user_joined
 * @property {UserLeft} user_left
 * @property {UserChanged} user_changed
 * @property {DeviceJoined} device_joined
 * @property {DeviceDisconnected} device_disconnected
 * @property {DeviceChanged} device_changed
 * @property {DeviceRemoved} device_removed
 * @property {SessionChanged} session_changed
 * @property {SessionEnded} session_ended
 * @property {LeadershipChanged} leadership_changed
 * @property {MediaLoaded} media_loaded
 * @property {PlaybackSync} playback_sync
 * @property {MediaInfo} media_info
 * @property {StartRecording} start_recording
 * @property {StopRecording} stop_recording
 * @property {SessionCompleted} session_completed
 * @property {Command} command
 * @property {Cancelled} cancelled
 * @property {Desync} desync_recovery
 * @property {TakeChanged} take_changed
 * @property {Part} recording_part
 * @property {CameraChanged} camera_settings
 * @property {MonitorWanted} monitor_wanted
 * @property {Monitored} monitor
 * @property {HeartbeatAck} heartbeat_ack
 * @property {Snapshot} session_state
 * @property {Report} command_report
 * @property {SyncStatus} sync_status
 * @property {SDP} answer
 * @property {Exchange} exchange
 * @property {Goodbye} goodbye
 */

/**
 * An event as it comes.
 *
 * @typedef {{[K in keyof EventData]: {event: K, data: EventData[K], replyTo?: number}}[keyof EventData]} WireEvent
 */

/**
 * The name of an event and its data, which the name tells the type of.
 *
 * @typedef {{[K in keyof EventData]: [event: K, data: EventData[K]]}[keyof EventData]} Told
 */

/**
 * The data of each request; null where it has none.
 *
 * @typedef {object} RequestData
 * @property {JoinSessionRequest} join_session
 * @property {null} leave_session
 * @property {null} heartbeat
 * @property {null} request_session_state
 * @property {RequestLeadershipRequest} request_leadership
 * @property {HandOverRequest} hand_over
 * @property {UpdateDeviceRequest} update_device
 * @property {UpdateUserRequest} update_user
 * @property {RemoveDeviceRequest} remove_device
 * @property {UpdateSessionRequest} update_session
 * @property {null} end_session
 * @property {LoadMediaRequest} load_media
 * @property {SyncPlaybackRequest} sync_playback
 * @property {PlaybackOptionsRequest} playback_options
 * @property {MediaInfoRequest} media_info
 * @property {BufferingRequest} buffering
 * @property {ReportDesyncRequest} report_desync
 * @property {StartRecordingRequest} start_recording
 * @property {StopRecordingRequest} stop_recording
 * @property {ScheduleRequest} schedule
 * @property {CancelRequest} cancel
 * @property {ArmedRequest} armed
 * @property {FiredRequest} fired
 * @property {MissedRequest} missed
 * @property {RecordingStartedRequest} recording_started
 * @property {RecordingStoppedRequest} recording_stopped
 * @property {UploadCompletedRequest} upload_completed
 * @property {RecordingFailedRequest} recording_failed
 * @property {RecordingPartRequest} recording_part
 * @property {RecordingReportRequest} recording_report
 * @property {CameraSettingsRequest} camera_settings
 * @property {WatchMonitorRequest} watch_monitor
 * @property {MonitorRequest} monitor
 * @property {DeviceStatusRequest} device_status
 * @property {OfferRequest} offer
 * @property {CandidateRequest} candidate
 * @property {null} resync
 */

/**
 * The data of what answers each request.
 *
 * @typedef {object} AnswerData
 * @property {SessionJoined} join_session
 * @property {undefined} leave_session
 * @property {HeartbeatAck} heartbeat
 * @property {Snapshot} request_session_state
 * @property {undefined} request_leadership
 * @property {undefined} hand_over
 * @property {undefined} update_device
 * @property {undefined} update_user
 * @property {undefined} remove_device
 * @property {undefined} update_session
 * @property {undefined} end_session
 * @property {undefined} load_media
 * @property {Scheduled} sync_playback
 * @property {undefined} playback_options
 * @property {undefined} media_info
 * @property {undefined} buffering
 * @property {Desync} report_desync
 * @property {Scheduled} start_recording
 * @property {Scheduled} stop_recording
 * @property {Scheduled} schedule
 * @property {undefined} cancel
 * @property {undefined} armed
 * @property {undefined} fired
 * @property {undefined} missed
 * @property {undefined} recording_started
 * @property {undefined} recording_stopped
 * @property {undefined} upload_completed
 * @property {undefined} recording_failed
 * @property {Part} recording_part
 * @property {undefined} recording_report
 * @property {undefined} camera_settings
 * @property {undefined} watch_monitor
 * @property {undefined} monitor
 * @property {undefined} device_status
 * @property {SDP} offer
 * @property {undefined} candidate
 * @property {undefined} resync
 */

/**
 * @typedef {object} Scheduled
 * @property {string} commandId
 * @property {number} timestamp  when all devices act
 * @property {number} [lateMs]
 */

/**
 * @typedef {object} ErrorData
 * @property {string} message
 * @property {string} code
 * @property {string} [event]  the request that it is about
 * @property {boolean} retry
 */

/**
 * @typedef {object} UserState
 * @property {string} id
 * @property {string} username
 * @property {string} avatar
 * @property {string} joinedAt  ISO 8601
 * @property {number} lastSeen  to about ten seconds
 * @property {boolean} isConnected
 * @property {boolean} isLeader
 */

/**
 * @typedef {object} CameraSettings
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [frameRate]
 * @property {number} [bitRate]  bits a second
 * @property {string} [cameraId]
 * @property {boolean} [torch]
 * @property {'any' | 'landscape' | 'portrait'} [orientation]  any, landscape or portrait
 * @property {'auto' | 'mp4' | 'webm'} [container]  auto, mp4 or webm
 * @property {boolean} [sound]
 */

/**
 * @typedef {object} DeviceState
 * @property {string} deviceId
 * @property {string} userId
 * @property {string} deviceType
 * @property {string} viewType
 * @property {boolean} isConnected
 * @property {boolean} records  whether it takes part in takes
 * @property {boolean} silenced  whether it is to make no sound
 * @property {CameraSettings | null} camera  what is wanted of it itself; null for nothing
 */

/**
 * @typedef {object} PlaybackState
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {number} position  s
 * @property {boolean} isPlaying
 * @property {number} lastUpdateTime
 * @property {number} playbackRate
 * @property {boolean} loop
 * @property {number} mediaDuration  s; 0 while nobody has told it
 */

/**
 * @typedef {object} Subtitle
 * @property {string} url
 * @property {string} label
 * @property {string} language  BCP 47
 */

/**
 * @typedef {object} Media
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {string} mediaTitle  empty for one that sync_playback brought
 * @property {number} mediaDuration  s; 0 where nobody said
 * @property {Subtitle[]} subtitles
 * @property {boolean} loop
 * @property {boolean} waitForAll
 * @property {number} waitLimitMs
 * @property {string[]} waitingFor  devices that have to load before it goes on
 */

/**
 * @typedef {object} Take
 * @property {string} takeId  the start's commandId
 * @property {string} postureLabel
 * @property {number} timestamp  when all start
 * @property {number} duration  ms; 0 = until stopped
 * @property {number | null} stopTimestamp  null before a stop is issued
 * @property {string | null} stopCommandId
 * @property {string[] | null} devices  the ones that record; null: all that do
 */

/**
 * @typedef {object} Snapshot
 * @property {string} sessionId
 * @property {string} name  empty: none
 * @property {string} creatorId
 * @property {string} leaderId
 * @property {'active' | 'recording' | 'completed'} status  active, recording or completed
 * @property {UserState[]} users  the longest joined first
 * @property {DeviceState[]} devices
 * @property {PlaybackState} playbackState
 * @property {Media} [media]  what playbackState is of; none before any
 * @property {Take | null} take  null while none is scheduled or under way
 * @property {CameraSettings | null} camera  what is wanted of all devices that record; null for nothing
 * @property {string} createdAt  ISO 8601
 * @property {number} lastActivity
 * @property {number} userCount  connected or not
 */

/**
 * @typedef {object} Keys
 * @property {string} device
 * @property {string} watch
 * @property {string} direct
 */

/**
 * @typedef {object} SessionJoined
 * @property {string} sessionId
 * @property {string} userId
 * @property {string} deviceId
 * @property {boolean} isLeader
 * @property {string} resumeToken
 * @property {string} [userToken]  of a user who is new, or who was joined by it
 * @property {string} [role]  of the device; empty: it may do everything
 * @property {string} [recordingId]  this device's own of the take that is scheduled or under way
 * @property {Snapshot} session
 * @property {string} [joinKey]  of the session's link for devices, where it has one; filled in by the caller
 * @property {Keys} [keys]  of all its links, for those who may lead; filled in by the caller
 * @property {string} [answer]  SDP, filled in by the caller
 */

/**
 * @typedef {object} SessionStatus
 * @property {string} id
 * @property {string} status
 */

/**
 * @typedef {object} JoinedSession
 * @property {boolean} success
 * @property {string} deviceId
 * @property {SessionStatus} session
 * @property {number} timestamp
 */

/**
 * @typedef {object} UserJoined
 * @property {string} userId
 * @property {string} username
 * @property {string} avatar
 * @property {number} timestamp
 */

/**
 * @typedef {object} UserLeft
 * @property {string} userId
 * @property {string} username
 * @property {number} timestamp
 */

/**
 * @typedef {object} UserChanged
 * @property {string} userId
 * @property {string} username
 * @property {string} avatar
 * @property {number} timestamp
 */

/**
 * @typedef {object} DeviceJoined
 * @property {string} deviceId
 * @property {string} deviceType  empty for one that joined as a user
 * @property {string} viewType
 * @property {number} timestamp
 * @property {string} userId
 * @property {boolean} records
 * @property {boolean} silenced
 */

/**
 * @typedef {object} DeviceDisconnected
 * @property {string} deviceId
 * @property {number} timestamp
 */

/**
 * @typedef {object} DeviceChanged
 * @property {string} deviceId
 * @property {string} userId
 * @property {string} deviceType
 * @property {string} viewType
 * @property {boolean} records
 * @property {boolean} silenced
 * @property {number} timestamp
 */

/**
 * @typedef {object} DeviceRemoved
 * @property {string} deviceId
 * @property {string} userId
 * @property {number} timestamp
 */

/**
 * @typedef {object} SessionChanged
 * @property {string} name  empty: none
 * @property {number} timestamp
 */

/**
 * @typedef {object} SessionEnded
 * @property {number} timestamp
 */

/**
 * @typedef {object} LeadershipChanged
 * @property {string} newLeaderId
 * @property {string} newLeaderName
 * @property {number} timestamp
 */

/**
 * @typedef {object} MediaLoaded
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {string} mediaTitle  empty for one that sync_playback brought
 * @property {number} mediaDuration  s; 0 where nobody said
 * @property {Subtitle[]} subtitles
 * @property {boolean} loop
 * @property {boolean} waitForAll
 * @property {number} waitLimitMs
 * @property {string[]} waitingFor  devices that have to load before it goes on
 * @property {number} timestamp
 * @property {string} loadedBy
 */

/**
 * @typedef {object} PlaybackSync
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {number} position  s
 * @property {boolean} isPlaying
 * @property {number} lastUpdateTime
 * @property {number} playbackRate
 * @property {boolean} loop
 * @property {number} mediaDuration  s; 0 while nobody has told it
 * @property {number} timestamp  the same as LastUpdateTime
 * @property {string} leaderId  empty where the service itself did it, to wait or to go on
 * @property {string} commandId
 * @property {string[]} [waitingFor]  devices that have to load before it goes on
 */

/**
 * @typedef {object} MediaInfo
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {string} mediaTitle  empty for one that sync_playback brought
 * @property {number} mediaDuration  s; 0 where nobody said
 * @property {Subtitle[]} subtitles
 * @property {boolean} loop
 * @property {boolean} waitForAll
 * @property {number} waitLimitMs
 * @property {string[]} waitingFor  devices that have to load before it goes on
 * @property {number} timestamp
 */

/**
 * @typedef {object} StartRecording
 * @property {string} commandId
 * @property {string} postureLabel
 * @property {number} duration  ms; 0 = until stopped
 * @property {number} timestamp
 * @property {string} [recordingId]  this device's own, if it records
 */

/**
 * @typedef {object} StopRecording
 * @property {string} commandId
 * @property {number} timestamp
 */

/**
 * @typedef {object} SessionCompleted
 * @property {string} sessionId
 * @property {number} timestamp
 */

/**
 * @typedef {object} Command
 * @property {string} commandId
 * @property {string} name
 * @property {any} payload  as the leader gave it; null if it gave none
 * @property {number} timestamp
 * @property {number} maxLateMs  who would act later than this after Timestamp doesn't
 */

/**
 * @typedef {object} Cancelled
 * @property {string} commandId
 * @property {string} reason
 */

/**
 * @typedef {object} AuthoritativeState
 * @property {string} mediaUrl
 * @property {string} mediaId
 * @property {number} position  s
 * @property {boolean} isPlaying
 * @property {number} lastUpdateTime
 * @property {number} playbackRate
 * @property {boolean} loop
 * @property {number} mediaDuration  s; 0 while nobody has told it
 * @property {number} timestamp
 */

/**
 * @typedef {object} Desync
 * @property {AuthoritativeState} authoritativeState
 * @property {number} reportedPosition
 * @property {number} reportedTime
 */

/**
 * @typedef {object} TakeChanged
 * @property {string} takeId
 * @property {string} postureLabel
 * @property {string} mark
 * @property {string} note
 * @property {boolean} deleted
 * @property {number} timestamp
 */

/**
 * @typedef {object} Part
 * @property {string} recordingId
 * @property {number} part  1 for the first
 */

/**
 * @typedef {object} CameraChanged
 * @property {string | null} deviceId  null: all devices
 * @property {CameraSettings} settings
 */

/**
 * @typedef {object} MonitorWanted
 * @property {boolean} on
 */

/**
 * @typedef {object} Monitored
 * @property {string} deviceId
 * @property {string} [image]  JPEG or WebP of at most 12 KiB, in base64
 * @property {number} [width]  of the image
 * @property {number} [height]
 * @property {number} [peakDb]
 * @property {number} [rmsDb]
 * @property {number} timestamp  when this instance got it
 */

/**
 * @typedef {object} HeartbeatAck
 * @property {number} timestamp
 */

/**
 * @typedef {object} MissReport
 * @property {number} lateMs  from the instant to when it found out
 * @property {'arrived_late' | 'woke_late' | 'no_clock' | 'overtaken'} reason  arrived_late, woke_late, no_clock or overtaken
 */

/**
 * @typedef {object} DeviceReport
 * @property {string} deviceId
 * @property {boolean} armed
 * @property {number | null} at  when it acted; none if it didn't say so
 * @property {number | null} errorMs  at less timestamp: positive is late
 * @property {number | null} boundMs  of the error, when it reported; none if unknown
 * @property {boolean} late  whether it got the command too late to act in time
 * @property {MissReport | null} missed  if it didn't act because it was too late; else none
 * @property {boolean} [noClock]  At is when it heard of the command: what it did then isn't known
 */

/**
 * @typedef {object} Report
 * @property {string} commandId
 * @property {string} event
 * @property {number} timestamp
 * @property {number | null} spreadMs  latest act less earliest, of devices with a clock; none before one of them acted
 * @property {number | null} spreadBoundMs  of the error of SpreadMs; none of fewer than two acts, or where one's isn't known
 * @property {DeviceReport[]} devices  the longest joined first
 */

/**
 * @typedef {object} DesyncStats
 * @property {number} count  of all reports
 * @property {number} timestamp
 * @property {number} lastMs  signed, as of Timestamp
 * @property {number} p50Ms  without sign, of the latest 256
 * @property {number} p95Ms
 * @property {number} maxMs  without sign, of all reports
 */

/**
 * @typedef {object} Warning
 * @property {string} code  a lower-case word; unknown ones are passed on
 * @property {number} [value]
 */

/**
 * @typedef {object} MediaStatus
 * @property {string} [mediaUrl]
 * @property {string} state
 * @property {string} [error]
 * @property {number} [driftMs]  its position less the timeline's: positive is ahead
 * @property {number} [durationS]  s
 */

/**
 * @typedef {object} Camera
 * @property {string} id
 * @property {string} label
 */

/**
 * @typedef {object} DeviceSettings
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [frameRate]
 * @property {number} [bitRate]  bits a second
 * @property {boolean} [torch]
 * @property {'any' | 'landscape' | 'portrait'} [orientation]  any, landscape or portrait
 * @property {'auto' | 'mp4' | 'webm'} [container]  auto, mp4 or webm
 * @property {string} [cameraId]
 * @property {Camera[]} [cameras]  at most 16
 * @property {string[]} [refused]  settings that the camera doesn't take, at most 16
 */

/**
 * @typedef {object} DeviceStatus
 * @property {number} [battery]  0 to 1
 * @property {boolean} [charging]
 * @property {'none' | 'off' | 'ready' | 'recording' | 'covered' | 'frozen' | 'lost' | 'refused'} [camera]  none, off, ready, recording, covered, frozen, lost or refused
 * @property {'none' | 'off' | 'ready' | 'silent' | 'lost' | 'refused'} [microphone]  none, off, ready, silent, lost or refused
 * @property {number} [levelDb]  peak of the sound in the last second, -120 to 0
 * @property {number} [frameRate]  frames a second that the camera really gives
 * @property {number} [droppedFrames]
 * @property {number} [pendingBytes]  recorded, and not yet confirmed by the server
 * @property {number} [freeBytes]  of storage, left on the device
 * @property {Warning[]} [warnings]  at most 16
 * @property {string} [uploadError]  why its uploads don't go on
 * @property {MediaStatus} [media]  of what it plays
 * @property {DeviceSettings} [settings]  of its camera, as they really are
 * @property {string} [note]  for people
 * @property {number} timestamp  when this instance heard so
 */

/**
 * @typedef {object} DeviceSync
 * @property {string} deviceId
 * @property {number} offsetMs  device time − session time
 * @property {number} boundMs  99 %; 0 while unsynced
 * @property {number} hardMs
 * @property {number} sharedMs  the part of boundMs by which its server's session time may be off; 0 for one server
 * @property {number} delayMs
 * @property {number} jitterMs
 * @property {number} skewPpm
 * @property {string} path
 * @property {string} state  unsynced, settling, tracking, holdover; none: it has no clock
 * @property {boolean} hidden
 * @property {number} leadMs  how far ahead it needs a command
 * @property {string[]} leftBehind  what the others don't wait for it with: lead, buffering
 * @property {DesyncStats | null} desync  null before the device has reported any
 * @property {DeviceStatus | null} status  null before the device has told one
 */

/**
 * @typedef {object} SyncStatus
 * @property {string} sessionId
 * @property {number} timestamp
 * @property {DeviceSync[]} devices  the connected ones, the longest joined first
 */

/**
 * @typedef {object} SDP
 * @property {string} sdp
 */

/**
 * @typedef {object} Exchange
 * @property {string} path
 * @property {string} t1
 * @property {string} t2
 * @property {string} t3
 * @property {string} t4
 */

/**
 * @typedef {object} Goodbye
 * @property {string} reason
 * @property {number} retryAfterMs  when to come back
 * @property {string} [url]  another instance, to go to instead
 */

/**
 * The data of the request join_session.
 *
 * @typedef {object} JoinSessionRequest
 * @property {string} sessionId  the session is created if missing
 * @property {string} [userId]  given by the service if empty
 * @property {string} [username]
 * @property {string} [avatar]
 * @property {string} [deviceType]  desktop, mobile or native; what has one takes part in recordings
 * @property {string} [viewType]  front, side, or any label
 * @property {string} [userAgent]
 * @property {string} [token]
 * @property {string} [key]
 * @property {string} [resumeToken]  to come back as the same device
 * @property {string} [userToken]  to join as a further device of a user, as SessionJoined had it
 * @property {boolean} [create]  false: only a session that exists
 * @property {boolean} [records]  false: it acts, and is no part of takes; nil: as before, at first true
 * @property {string} [offer]  SDP
 * @property {boolean} [exchanges]  asks for `exchange` events
 */

/**
 * The data of the request request_leadership.
 *
 * @typedef {object} RequestLeadershipRequest
 * @property {string} [token]  the creator's
 */

/**
 * The data of the request hand_over.
 *
 * @typedef {object} HandOverRequest
 * @property {string} [userId]
 * @property {string} [username]
 * @property {string} [avatar]
 */

/**
 * The data of the request update_device.
 *
 * @typedef {object} UpdateDeviceRequest
 * @property {string} [deviceId]
 * @property {string} [viewType]
 * @property {boolean} [records]
 * @property {boolean} [silenced]
 * @property {string} [absent]  of remove_device: guests or all
 */

/**
 * The data of the request update_user.
 *
 * @typedef {object} UpdateUserRequest
 * @property {string} [userId]
 * @property {string} [username]
 * @property {string} [avatar]
 */

/**
 * The data of the request remove_device.
 *
 * @typedef {object} RemoveDeviceRequest
 * @property {string} [deviceId]
 * @property {string} [viewType]
 * @property {boolean} [records]
 * @property {boolean} [silenced]
 * @property {string} [absent]  of remove_device: guests or all
 */

/**
 * The data of the request update_session.
 *
 * @typedef {object} UpdateSessionRequest
 * @property {string} name
 */

/**
 * The data of the request load_media.
 *
 * @typedef {object} LoadMediaRequest
 * @property {string} mediaUrl
 * @property {string} [mediaId]
 * @property {string} [mediaTitle]
 * @property {number} [mediaDuration]  s
 * @property {boolean} [loop]
 * @property {Partial<Subtitle>[]} [subtitles]
 */

/**
 * The data of the request sync_playback.
 *
 * @typedef {object} SyncPlaybackRequest
 * @property {number} [position]  s
 * @property {boolean} isPlaying
 * @property {string} [mediaUrl]
 * @property {string} [mediaId]
 * @property {number} [playbackRate]
 */

/**
 * The data of the request playback_options.
 *
 * @typedef {object} PlaybackOptionsRequest
 * @property {boolean} [loop]
 * @property {boolean} [waitForAll]
 * @property {number} [waitLimitMs]
 */

/**
 * The data of the request media_info.
 *
 * @typedef {object} MediaInfoRequest
 * @property {string} mediaUrl
 * @property {number} mediaDuration  s
 */

/**
 * The data of the request buffering.
 *
 * @typedef {object} BufferingRequest
 * @property {string} mediaUrl
 * @property {boolean} buffering
 */

/**
 * The data of the request report_desync.
 *
 * @typedef {object} ReportDesyncRequest
 * @property {number} reportedPosition  s
 * @property {number} reportedTime
 */

/**
 * The data of the request start_recording.
 *
 * @typedef {object} StartRecordingRequest
 * @property {string} [sessionId]  of old clients; a connection has one session
 * @property {string} [postureLabel]
 * @property {number} [duration]  ms
 * @property {number} [at]
 * @property {number} [delay]  ms
 * @property {string[]} [devices]  the ones that record; absent: all that do
 */

/**
 * The data of the request stop_recording.
 *
 * @typedef {object} StopRecordingRequest
 * @property {string} [sessionId]  of old clients; a connection has one session
 * @property {string} [postureLabel]
 * @property {number} [duration]  ms
 * @property {number} [at]
 * @property {number} [delay]  ms
 * @property {string[]} [devices]  the ones that record; absent: all that do
 */

/**
 * The data of the request schedule.
 *
 * @typedef {object} ScheduleRequest
 * @property {string} name
 * @property {unknown} [payload]
 * @property {number} [at]
 * @property {number} [delay]  ms
 * @property {number} [maxLateMs]
 */

/**
 * The data of the request cancel.
 *
 * @typedef {object} CancelRequest
 * @property {string} commandId
 */

/**
 * The data of the request armed.
 *
 * @typedef {object} ArmedRequest
 * @property {string} commandId
 */

/**
 * The data of the request fired.
 *
 * @typedef {object} FiredRequest
 * @property {string} commandId
 * @property {number} at
 * @property {boolean} [late]
 */

/**
 * The data of the request missed.
 *
 * @typedef {object} MissedRequest
 * @property {string} commandId
 * @property {number} lateMs
 * @property {string} reason
 */

/**
 * The data of the request recording_started.
 *
 * @typedef {object} RecordingStartedRequest
 * @property {string} recordingId
 * @property {number} timestamp
 * @property {number} [bound]  ms
 */

/**
 * The data of the request recording_stopped.
 *
 * @typedef {object} RecordingStoppedRequest
 * @property {string} recordingId
 * @property {number} timestamp
 * @property {number} [bound]  ms
 */

/**
 * The data of the request upload_completed.
 *
 * @typedef {object} UploadCompletedRequest
 * @property {string} recordingId
 * @property {number} fileSizeBytes
 */

/**
 * The data of the request recording_failed.
 *
 * @typedef {object} RecordingFailedRequest
 * @property {string} recordingId
 */

/**
 * The data of the request recording_part.
 *
 * @typedef {object} RecordingPartRequest
 * @property {string} recordingId
 */

/**
 * @typedef {object} RecordingReport
 * @property {number} [frames]
 * @property {number} [droppedFrames]
 * @property {number} [frameRate]  frames a second, as it was on average
 * @property {number} [lateMs]  from when the take began to the first frame
 * @property {number} [durationMs]  from the first frame to the last
 * @property {string} [sound]  none, silent or ok
 * @property {number} [silentMs]  without sound
 * @property {number} [filledMs]  of silence in the place of sound that was lost
 * @property {number} [audioPpm]  by how much the sound's clock gains on session time
 * @property {number} [peakDb]
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [codec]
 * @property {string} [container]
 * @property {Warning[]} [warnings]  at most 16
 */

/**
 * The data of the request recording_report.
 *
 * @typedef {object} RecordingReportRequest
 * @property {string} recordingId
 * @property {Partial<RecordingReport>} report
 */

/**
 * The data of the request camera_settings.
 *
 * @typedef {object} CameraSettingsRequest
 * @property {string} [deviceId]  empty: all
 * @property {Partial<CameraSettings>} settings
 */

/**
 * The data of the request watch_monitor.
 *
 * @typedef {object} WatchMonitorRequest
 * @property {boolean} on
 */

/**
 * @typedef {object} Still
 * @property {string} [image]  JPEG or WebP of at most 12 KiB, in base64
 * @property {number} [width]  of the image
 * @property {number} [height]
 * @property {number} [peakDb]
 * @property {number} [rmsDb]
 */

/**
 * The data of the request monitor.
 *
 * @typedef {Partial<Still>} MonitorRequest
 */

/**
 * The data of the request device_status.
 *
 * @typedef {Partial<DeviceStatus>} DeviceStatusRequest
 */

/**
 * The data of the request offer.
 *
 * @typedef {object} OfferRequest
 * @property {string} sdp
 */

/**
 * The data of the request candidate.
 *
 * @typedef {object} CandidateRequest
 * @property {string} candidate
 */

/**
 * @typedef {object} Recording
 * @property {string} recordingId
 * @property {string} sessionId
 * @property {string} takeId  the start's commandId
 * @property {number} takeTimestamp  when all devices were to start
 * @property {string} postureLabel
 * @property {string} deviceId
 * @property {string} deviceType
 * @property {string} viewType
 * @property {string} username  that the device's user had given when the take began; may be empty
 * @property {number | null} startTimestamp  the first captured frame's; null until the device has said so
 * @property {number | null} startBoundMs
 * @property {number | null} stopTimestamp  the last captured frame's
 * @property {number | null} stopBoundMs
 * @property {number | null} diffMs  to the device of the same take that started before; null for the first
 * @property {number | null} diffBoundMs  both devices' bounds together, less what they have in common
 * @property {string} uploadStatus
 * @property {number | null} fileSizeBytes  null until uploaded
 * @property {string} file  its path, where this server took it in
 * @property {string} sha256
 * @property {string} fileType  media type of the file, as the device told it
 * @property {number} part  of those that the device has of the take; 1 for the first
 * @property {RecordingReport | null} report  how well it was made; null before the device has said so
 */

/**
 * @typedef {object} Summary
 * @property {string} sessionId
 * @property {number} userCount
 * @property {boolean} hasMedia
 * @property {string} createdAt  ISO 8601
 * @property {number} lastActivity
 * @property {string} name
 * @property {string} leaderName  empty while nobody is known to lead
 * @property {number} connectedCount
 * @property {string} status  as in a Snapshot
 */

/**
 * @typedef {object} Issued
 * @property {string} commandId
 * @property {'command' | 'start_recording' | 'stop_recording' | 'playback_sync'} event  command, start_recording, stop_recording or playback_sync
 * @property {string} [name]  of a command
 * @property {any} [payload]  of a command
 * @property {number} [maxLateMs]  of a command
 * @property {string} [takeId]  of a stop_recording
 * @property {string} [postureLabel]  of a start_recording
 * @property {number} [duration]  ms, of a start_recording; 0 = until stopped
 * @property {boolean} [isPlaying]  of a playback_sync, as the next two
 * @property {number} [position]  s
 * @property {number} [playbackRate]
 * @property {number} issuedAt
 * @property {number} timestamp
 * @property {boolean} cancelled
 * @property {string} [reason]  of the cancellation
 * @property {Report | null} report  nil before anybody said anything
 */
