import de.bwaldvogel.mongo.bson.Document;
import org.h2.mvstore.MVStoreException;

/** The file does not take a write, mostly because the disk is full, and nothing of it is kept; or it cannot be read. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Document answer;

    private Refused(MVStoreException failure, String what, int code, String name) {
        super(reason(failure), failure);
        answer = new Document("ok", 0).append("code", code).append("codeName", name)
                .append("errmsg", "cannot " + what + ": " + getMessage());
    }

    /** What MongoDB answers where its disk is full. */
    static Refused write(MVStoreException failure) {
        return new Refused(failure, "write", 14_031, "OutOfDiskSpace");
    }

    /** What MongoDB answers where a query could not be ended. */
    static Refused read(MVStoreException failure) {
        return new Refused(failure, "read", 262, "ExceededTimeLimit");
    }

    static String reason(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return String.valueOf(first.getMessage());
    }

    Document answer() {
        return answer;
    }
}
